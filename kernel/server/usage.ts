// What usage_request is answered: the fields that JupyterLab's kernel usage panel reads, as ipykernel names them.
import { availableParallelism, freemem, hostname, loadavg, totalmem } from 'node:os';
import type { JsonObject } from '../protocol/message.ts';

/** Reads what this process and its host use: bytes, and CPU in percent since the last call. */
export function createUsageReader(): () => JsonObject {
  let lastCpu = { user: 0, system: 0 };
  let lastMs = performance.now() - process.uptime() * 1000;
  return () => {
    const cpu = process.cpuUsage();
    const nowMs = performance.now();
    const usedMs = (cpu.user + cpu.system - lastCpu.user - lastCpu.system) / 1000;
    const kernelCpu = (100 * usedMs) / Math.max(nowMs - lastMs, 1);
    lastCpu = cpu;
    lastMs = nowMs;
    const cpus = availableParallelism();
    return {
      status: 'ok',
      hostname: hostname(),
      pid: process.pid,
      kernel_cpu: kernelCpu,
      kernel_memory: process.memoryUsage.rss(),
      cpu_count: cpus,
      host_cpu_percent: Math.min(100, (100 * loadavg()[0]!) / cpus),
      host_virtual_memory: {
        total: totalmem(),
        available: freemem(),
        used: totalmem() - freemem(),
        percent: (100 * (totalmem() - freemem())) / totalmem(),
      },
    };
  };
}
