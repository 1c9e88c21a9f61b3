"""jupyter_kernel_test for the notebook kernel: run with the kernel's name as argument and JUPYTER_PATH set."""

import sys
import unittest

import jupyter_kernel_test as jkt

KERNEL = sys.argv.pop(1)
# Seconds.
PATIENCE = 30


class KernelSuite(jkt.KernelTests):
    kernel_name = KERNEL

    def execute_helper(self, *args, **kwargs):
        """Wait longer for the outputs of a cell than the 0.1 s after its reply: a machine may be busy."""
        channel = self.kc.iopub_channel
        at_once = channel.get_msg
        channel.get_msg = lambda timeout: at_once(timeout=PATIENCE)
        try:
            return super().execute_helper(*args, **kwargs)
        finally:
            channel.get_msg = at_once

    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('e')"
    completion_samples = [{"text": "Promise.allSe", "matches": {"allSettled"}}]
    complete_code_samples = ["1", "function f(x:number){return x*2}"]
    incomplete_code_samples = ["f(", "function f() {", "`abc"]
    invalid_code_samples = ["const = 7q", "let a = )"]
    code_page_something = "?Promise"
    code_generate_error = "throw new Error('boom')"
    code_execute_result = [
        {"code": "1+2+3", "result": "6"},
        {"code": "[1,2,3].map(n=>n*n)", "result": "[ 1, 4, 9 ]"},
    ]
    code_display_data = [{"code": "display(html`<b>t</b>`)", "mime": "text/html"}]
    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "1?2*"
    code_inspect_sample = "Promise"
    code_clear_output = "clearOutput()"


class WelcomeSuite(jkt.IopubWelcomeTests):
    kernel_name = KERNEL
    support_iopub_welcome = True


if __name__ == "__main__":
    unittest.main(verbosity=2)
