// native: the library behind tf.js's fastest backend, built on this machine. Not which backend trains: engine-choice.ts.
export { removeNativeLibrary, setUpNativeLibrary } from './build-native-library.ts';
export type { NativeSetup, NativeSetupOptions } from './build-native-library.ts';
export { findNativeLibrary } from './native-library.ts';
