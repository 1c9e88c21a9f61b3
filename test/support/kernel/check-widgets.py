"""Builds ipywidgets' own widgets from the comm_open messages on stdin; writes the state each of them then has.

Messages are JSON: comm_id, metadata, data, and buffers in base64. A model of anywidget becomes an AnyWidget with
traits of its other names. Also writes an update as ipywidgets encodes it, with binary values inside.
"""

import base64
import json
import sys

import anywidget
import traitlets
from ipywidgets import Dropdown, Widget
from ipywidgets.widgets.widget import _instances, _put_buffers, _remove_buffers


class FrontEndComm:
    """A comm that a peer has opened; what is sent on it is kept."""

    def __init__(self, comm_id):
        self.comm_id = comm_id
        self.kernel = None

    def on_msg(self, callback):
        self.callback = callback

    def send(self, *args, **kwargs):
        pass

    def close(self, *args, **kwargs):
        pass


def build_any_widget(state):
    known = set(anywidget.AnyWidget(_esm="export default {}").get_state())
    own = {name: traitlets.Any().tag(sync=True) for name in state if name not in known}
    body = {"_esm": state["_esm"], **own}
    if "_css" in state:
        body["_css"] = state["_css"]
    widget = type("Probe", (anywidget.AnyWidget,), body)(**{name: state[name] for name in own})
    reference = state["layout"].removeprefix("IPY_MODEL_")
    widget.layout = opened[reference]
    return widget


def open_widget(message):
    state = json.loads(json.dumps(message["data"]["state"]))
    buffers = [base64.b64decode(held) for held in message["buffers"]]
    comm = FrontEndComm(message["comm_id"])
    if state["_model_module"] == "anywidget":
        _put_buffers(state, message["data"]["buffer_paths"], buffers)
        return build_any_widget(state)
    if "_options_labels" in state:
        # Options live in the kernel only: set_state knows no way to give them.
        Dropdown(comm=comm, options=state["_options_labels"]).set_state(state)
        return _instances[comm.comm_id]
    Widget.handle_comm_opened(
        comm,
        {
            "metadata": message["metadata"],
            "content": {"data": {**message["data"], "state": state}},
            "buffers": buffers,
        },
    )
    return _instances[message["comm_id"]]


def to_json(value):
    return value.hex() if isinstance(value, (bytes, memoryview)) else str(value)


opened = {}
for message in json.load(sys.stdin):
    opened[message["comm_id"]] = open_widget(message)

state, paths, buffers = _remove_buffers(
    {"plain": 1, "bytes": b"\x01\x02", "nested": [{"deep": memoryview(b"\x03")}, b"\x04"]}
)
json.dump(
    {
        "widgets": {
            comm_id: {"type": type(widget).__name__, "state": widget.get_state()}
            for comm_id, widget in opened.items()
        },
        "update": {
            "state": state,
            "buffer_paths": paths,
            "buffers": [base64.b64encode(held).decode() for held in buffers],
        },
    },
    sys.stdout,
    default=to_json,
)
