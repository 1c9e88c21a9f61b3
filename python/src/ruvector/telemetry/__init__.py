"""Generated code of the published schemas; the source is proto/ruvector/telemetry."""
