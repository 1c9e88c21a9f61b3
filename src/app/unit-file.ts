// The systemd unit that `serve --print-unit` prints. SIGTERM drains, so no kill mode of its own.

/** Quotes one word as systemd reads it: https://www.freedesktop.org/software/systemd/man/systemd.service.html */
function quote(word: string): string {
  const escaped = word.replaceAll('\\', '\\\\').replaceAll('%', '%%');
  return /^[\w@%+=:,./-]+$/.test(word) ? escaped : `"${escaped.replaceAll('"', String.raw`\"`)}"`;
}

/**
 * Builds the unit.
 * @param command words of the command line, the first an absolute path
 * @param python value of RUVECTOR_PYTHON for the service, when one is set
 */
export function buildUnitFile(command: readonly string[], python?: string): string {
  const environment = python ? `Environment=${quote(`RUVECTOR_PYTHON=${python}`)}\n` : '';
  return `[Unit]
Description=RuVector MemOpt: memory telemetry, live model and decisions
After=local-fs.target

[Service]
Type=exec
ExecStart=${command.map(quote).join(' ')}
${environment}Restart=on-failure
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
