"""The training process that the daemon starts: ``python -m ruvector.trainer``.

A program whose name the daemon knows, not a module to import: what it does is in
``ruvector.fit``, ``export_onnx`` and ``deploy``.

It reads one job as a JSON line on standard input, streams the data set from the bridge, fits,
exports, proves parity and deploys. Messages go to the descriptor named in RUVECTOR_TRAINER_FD as
JSON lines; standard output and error are logs, never protocol.
"""
