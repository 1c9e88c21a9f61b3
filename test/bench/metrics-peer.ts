// The anchor of `app.metrics`: prom-client's bare registry with as many gauges as asked for, behind node:http.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import client from 'prom-client';

const registry = new client.Registry();
for (let i = 0; i < Number(process.argv[2]); i++) {
  const gauge = new client.Gauge({ name: `peer_${i}`, help: `Series ${i}.`, registers: [registry] });
  gauge.set(i * 1.5);
}
const server = createServer(
  (_request, response) =>
    void registry
      .metrics()
      .then((text) => response.setHeader('content-type', registry.contentType).end(text)),
);
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics\n`),
);
