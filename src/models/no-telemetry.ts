// ONNX Runtime 1.30 keeps a database of its use in ~/.cache/Microsoft and sends it to its makers, on Linux too,
// unless this is set before it loads. Here nothing leaves the host. Who sets the variable decides otherwise.
// The real environment is the main thread's: it imports this before any worker runs.
process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
