"""The psutil side of collect.cost: reads the fields of our samples and answers with its CPU time.

Reads `<samples> <period seconds> <largest>` lines on stdin and prints the CPU milliseconds a sample.
It looks at all processes but kernel threads; of the `largest` it reads memory_full_info (smaps_rollup).
It keeps its Process objects and uses oneshot(), psutil's fastest way, and leaves out the threads and
faults that ours also gives, because psutil opens one more file a process for the first and lacks the second.
"""

import resource
import sys
import time

import psutil

KTHREADD = 2

known: dict[int, psutil.Process] = {}
kernel_threads: set[int] = {KTHREADD}


def cpu_ms() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1000


def list_processes() -> list[psutil.Process]:
    pids = psutil.pids()
    for gone in known.keys() - set(pids):
        del known[gone]
    for pid in pids:
        if pid in known or pid in kernel_threads:
            continue
        try:
            process = psutil.Process(pid)
            if process.ppid() == KTHREADD:
                kernel_threads.add(pid)
            else:
                known[pid] = process
        except psutil.NoSuchProcess:
            continue
    return list(known.values())


def read_processes(largest: int) -> None:
    sizes = []
    for process in list_processes():
        try:
            with process.oneshot():
                process.name()
                process.cpu_times()
                sizes.append((process.memory_info().rss, process))
                process.io_counters()
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
    sizes.sort(key=lambda pair: pair[0], reverse=True)
    for _, process in sizes[:largest]:
        try:
            process.memory_full_info()
        except psutil.Error:
            continue


def read_sample(largest: int) -> None:
    psutil.virtual_memory()
    psutil.swap_memory()
    for name in ("vmstat", "pressure/memory", "pressure/io", "pressure/cpu"):
        try:
            with open(f"/proc/{name}", "rb") as file:
                file.read()
        except OSError:
            continue  # a kernel without PSI
    read_processes(largest)


def main() -> None:
    for line in sys.stdin:
        samples, period_s, largest = (int(word) for word in line.split())
        start = cpu_ms()
        for _ in range(samples):
            read_sample(largest)
            time.sleep(period_s)
        print((cpu_ms() - start) / samples, flush=True)


main()
