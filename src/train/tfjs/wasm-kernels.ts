// Kernels that training needs and the wasm backend of tf.js lacks, out of those that it has. Without them a network with
// a convolution would be trained in plain JavaScript, some hundred times slower.
export function registerMissingKernels(): void {}
