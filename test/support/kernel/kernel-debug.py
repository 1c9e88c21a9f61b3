"""The step debugger for jupyter_client, in JupyterLab's order of requests: prints what was seen as JSON.

Run with the kernel's name as argument and JUPYTER_PATH set. The path of the cell is computed here, with ipykernel's own
hash of it, and must be the kernel's.
"""

import json
import queue
import sys
import time

from ipykernel.compiler import murmur2_x86
from jupyter_client.manager import start_new_kernel

KERNEL = sys.argv[1]
TIMEOUT_SECONDS = 60
CELL = "const a: number = 20;\nconst größe = 'ä€😀';\nlet b = a + 1;\nb += 1;\n[b, größe.length]"

manager, client = start_new_kernel(kernel_name=KERNEL, startup_timeout=TIMEOUT_SECONDS)
sequence = 0


def ask(command: str, **arguments: object) -> dict:
    """Sends a debug_request; returns the body of its reply."""
    global sequence
    sequence += 1
    content = {"type": "request", "seq": sequence, "command": command, "arguments": arguments}
    message = client.session.msg("debug_request", content)
    client.control_channel.send(message)
    while True:
        reply = client.get_control_msg(timeout=TIMEOUT_SECONDS)
        if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            assert reply["msg_type"] == "debug_reply", reply
            assert reply["content"]["success"], reply["content"]
            return reply["content"].get("body", {})


def wait_for(test) -> dict:
    """Returns the first message of the output for which the test holds."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        try:
            message = client.get_iopub_msg(timeout=1)
        except queue.Empty:
            continue
        if test(message):
            return message
    raise TimeoutError


def event(name: str) -> dict:
    found = wait_for(lambda m: m["msg_type"] == "debug_event" and m["content"]["event"] == name)
    return found["content"]["body"]


try:
    features = client.kernel_info(reply=True, timeout=TIMEOUT_SECONDS)["content"][
        "supported_features"
    ]
    info = ask("debugInfo")
    hashed = murmur2_x86(CELL, info["hashSeed"])
    ask("initialize", clientID="jupyter_client", linesStartAt1=True)
    ask("attach")
    dumped = ask("dumpCell", code=CELL)["sourcePath"]
    set_at = ask("setBreakpoints", source={"path": dumped}, breakpoints=[{"line": 4}])
    ask("configurationDone")
    executed = client.execute(CELL)
    stopped = event("stopped")
    frames = ask("stackTrace", threadId=stopped["threadId"])["stackFrames"]
    scopes = ask("scopes", frameId=frames[0]["id"])["scopes"]
    variables = ask("variables", variablesReference=scopes[-1]["variablesReference"])["variables"]
    ask("next", threadId=1)
    event("stopped")
    after = ask("stackTrace", threadId=1)["stackFrames"]
    evaluated = ask("evaluate", expression="b", frameId=after[0]["id"], context="repl")
    ask("continue", threadId=1)
    result = wait_for(lambda m: m["msg_type"] == "execute_result")
    ask("disconnect", restart=False, terminateDebuggee=False)
    print(
        json.dumps(
            {
                "features": features,
                "info": info,
                "isSamePath": dumped == f"{info['tmpFilePrefix']}{hashed}{info['tmpFileSuffix']}",
                "breakpoints": set_at["breakpoints"],
                "reason": stopped["reason"],
                "line": frames[0]["line"],
                "isCell": frames[0]["source"]["path"] == dumped,
                "variables": {one["name"]: one["value"] for one in variables},
                "lineAfter": after[0]["line"],
                "evaluated": evaluated["result"],
                "isChild": result["parent_header"]["msg_id"] == executed,
                "result": result["content"]["data"]["text/plain"],
            }
        )
    )
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
