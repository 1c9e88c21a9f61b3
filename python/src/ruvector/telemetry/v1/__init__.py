"""Version 1 of the telemetry schemas: ``from ruvector.telemetry.v1 import stream_pb2``."""
