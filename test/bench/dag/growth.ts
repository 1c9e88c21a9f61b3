// How a time grows with size.

/** Slope of ln y over ln x. */
export function fitExponent(x: readonly number[], y: readonly number[]): number {
  const [lnX, lnY] = [x.map(Math.log), y.map(Math.log)];
  const mean = (of: readonly number[]): number => of.reduce((sum, value) => sum + value, 0) / of.length;
  const [meanX, meanY] = [mean(lnX), mean(lnY)];
  const covariance = lnX.reduce((sum, value, at) => sum + (value - meanX) * (lnY[at]! - meanY), 0);
  return covariance / lnX.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
}
