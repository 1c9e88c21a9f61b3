"""Generated code of the published schemas; the source is proto/ruvector/telemetry.

Public, for programs that decode messages themselves: ``ruvector.telemetry.v1.stream_pb2``. To read
a stream nobody needs it: ``ruvector.DataStream``.
"""
