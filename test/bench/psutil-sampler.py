"""The psutil side of collect.cost: reads the fields of our samples and answers with its CPU time.

Reads `<samples> <period seconds> <largest>` lines on stdin and prints the CPU milliseconds a sample. The
pids to read are the arguments; of the `largest` it reads memory_full_info (smaps_rollup). It keeps its Process objects and uses oneshot(), psutil's fastest way.
"""

import resource
import sys
import time

import psutil


def cpu_ms() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1000


def read_processes(processes: list[psutil.Process], largest: int) -> None:
    sizes = []
    for process in processes:
        try:
            with process.oneshot():
                process.name()
                process.cpu_times()
                process.num_threads()
                sizes.append((process.memory_info().rss, process))
                process.io_counters()
        except psutil.AccessDenied:
            continue
        except psutil.NoSuchProcess:
            continue
    sizes.sort(key=lambda pair: pair[0], reverse=True)
    for _, process in sizes[:largest]:
        try:
            process.memory_full_info()
        except psutil.Error:
            continue


def read_sample(processes: list[psutil.Process], largest: int) -> None:
    psutil.virtual_memory()
    psutil.swap_memory()
    psutil.pids()
    for name in ("vmstat", "pressure/memory", "pressure/io", "pressure/cpu"):
        try:
            with open(f"/proc/{name}", "rb") as file:
                file.read()
        except OSError:
            continue  # a kernel without PSI
    read_processes(processes, largest)


def main() -> None:
    processes = [psutil.Process(int(pid)) for pid in sys.argv[1:] if psutil.pid_exists(int(pid))]
    for line in sys.stdin:
        samples, period_s, largest = (int(word) for word in line.split())
        start = cpu_ms()
        for _ in range(samples):
            read_sample(processes, largest)
            time.sleep(period_s)
        print((cpu_ms() - start) / samples, flush=True)


main()
