// Two kernels of the wasm backend that training needs. The gradient of a convolution with respect to its kernel is
// missing: without it a network with conv1d would be trained in plain JavaScript, some hundred times slower. That of max
// pooling loses the gradient wherever all values of a place are negative. The peer is tf.js's own cpu backend.
import { backend_util, getKernel, registerKernel } from '@tensorflow/tfjs-core';
import type {
  Conv2DBackpropFilterAttrs,
  DataId,
  KernelFunc,
  MaxPoolGradAttrs,
  NamedAttrMap,
  TensorInfo,
} from '@tensorflow/tfjs-core';

/** What is used of the backend: its tensors are views of one heap. */
interface WasmBackend {
  disposeData(id: DataId): boolean;
  makeOutput(shape: number[], dtype: 'float32'): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): Float32Array;
}

type ImageShape = [rows: number, height: number, width: number, channels: number];
type Run = (name: string, inputs: Record<string, TensorInfo>, attrs?: NamedAttrMap) => TensorInfo;

/** Registers them, after those of the backend; once a thread. */
export function registerWasmKernels(): void {
  registerKernel({ kernelName: 'Conv2DBackpropFilter', backendName: 'wasm', kernelFunc: filterGradient });
  registerKernel({ kernelName: 'MaxPoolGrad', backendName: 'wasm', kernelFunc: maxPoolGradient });
}

/**
 * For each place in the kernel: the inputs that it met, transposed, times the gradient of what came of them; one product
 * of matrices a place. Places of conv1d are those along time alone.
 */
const filterGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const { strides, pad, dimRoundingMode, filterShape, dataFormat } =
    attrs as unknown as Conv2DBackpropFilterAttrs;
  if (dataFormat !== 'NHWC') throw new Error(`wasm convolves NHWC, not ${dataFormat}`);
  const run: Run = (name, given, more = {}) =>
    getKernel(name, 'wasm').kernelFunc({ inputs: given, backend, attrs: more }) as TensorInfo;
  const drop = (...done: TensorInfo[]): void => {
    for (const tensor of done) (backend as WasmBackend).disposeData(tensor.dataId);
  };
  const info = backend_util.computeConv2DInfo(
    x.shape as ImageShape,
    filterShape,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const { top, bottom, left, right } = info.padInfo;
  const isPadded = top + bottom + left + right > 0;
  const paddings: [number, number][] = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  const padded = isPadded ? run('PadV2', { x }, { paddings, constantValue: 0 }) : x;
  const rows = info.batchSize * info.outHeight * info.outWidth;
  const gradient = run('Reshape', { x: dy }, { shape: [1, rows, info.outChannels] });
  const places: TensorInfo[] = [];
  for (let row = 0; row < info.filterHeight; row++) {
    for (let column = 0; column < info.filterWidth; column++) {
      const met = run(
        'StridedSlice',
        { x: padded },
        {
          begin: [0, row, column, 0],
          end: [
            info.batchSize,
            row + (info.outHeight - 1) * info.strideHeight + 1,
            column + (info.outWidth - 1) * info.strideWidth + 1,
            info.inChannels,
          ],
          strides: [1, info.strideHeight, info.strideWidth, 1],
          beginMask: 0,
          endMask: 0,
          ellipsisMask: 0,
          newAxisMask: 0,
          shrinkAxisMask: 0,
        },
      );
      const matrix = run('Reshape', { x: met }, { shape: [1, rows, info.inChannels] });
      places.push(run('BatchMatMul', { a: matrix, b: gradient }, { transposeA: true, transposeB: false }));
      drop(met, matrix);
    }
  }
  // Concat alone takes a list.
  const stacked = run('Concat', places as unknown as Record<string, TensorInfo>, { axis: 0 });
  const shaped = run('Reshape', { x: stacked }, { shape: filterShape });
  drop(gradient, stacked, ...places, ...(isPadded ? [padded] : []));
  return shaped;
};

/** Each gradient goes to the first of the largest values that its place looked at. */
const maxPoolGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as MaxPoolGradAttrs;
  const wasm = backend as WasmBackend;
  const info = backend_util.computePool2DInfo(
    input.shape as ImageShape,
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const dx = wasm.makeOutput(input.shape, 'float32');
  const [values, gradients, sums] = [input, dy, dx].map((tensor) => wasm.typedArrayFromHeap(tensor)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  sums.fill(0);
  const { batchSize, outHeight, outWidth, inChannels } = info;
  let at = 0;
  for (let row = 0; row < batchSize; row++) {
    for (let place = 0; place < outHeight * outWidth; place++) {
      const seen = placesOf(info, row, Math.floor(place / outWidth), place % outWidth);
      for (let channel = 0; channel < inChannels; channel++) {
        sums[findLargest(values, seen, channel)]! += gradients[at++]!;
      }
    }
  }
  return dx;
};

/** Index of the first of the largest values of a channel. */
function findLargest(values: Float32Array, places: readonly number[], channel: number): number {
  let best = places[0]! + channel;
  for (const start of places) if (values[start + channel]! > values[best]!) best = start + channel;
  return best;
}

/** Where the values begin that one place of a pooling looks at. */
function placesOf(info: backend_util.Conv2DInfo, row: number, down: number, across: number): number[] {
  const { inHeight, inWidth, inChannels, strideHeight, strideWidth, padInfo } = info;
  const [top, left] = [down * strideHeight - padInfo.top, across * strideWidth - padInfo.left];
  const places: number[] = [];
  for (let y = Math.max(0, top); y < Math.min(inHeight, top + info.filterHeight); y++) {
    for (let x = Math.max(0, left); x < Math.min(inWidth, left + info.filterWidth); x++) {
      places.push(((row * inHeight + y) * inWidth + x) * inChannels);
    }
  }
  return places;
}
