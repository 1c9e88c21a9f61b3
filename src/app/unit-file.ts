// The systemd unit that `serve --print-unit` prints. SIGTERM drains, so no kill mode of its own.

/** Builds the unit for this executable. `args` are the flags of `serve`. */
export function buildUnitFile(nodePath: string, scriptPath: string, args: readonly string[]): string {
  const quote = (text: string): string =>
    /^[\w@%+=:,./-]+$/.test(text) ? text : `"${text.replaceAll('"', String.raw`\"`)}"`;
  const command = [nodePath, scriptPath, 'serve', ...args].map(quote).join(' ');
  return `[Unit]
Description=RuVector MemOpt: memory telemetry, live model and decisions
After=local-fs.target

[Service]
Type=exec
ExecStart=${command}
Restart=on-failure
RestartSec=5
TimeoutStopSec=30
NoNewPrivileges=yes
ProtectSystem=full
PrivateTmp=no
# Acting on other users' processes (serve --act) needs:
# AmbientCapabilities=CAP_SYS_NICE CAP_SYS_PTRACE

[Install]
WantedBy=default.target
`;
}
