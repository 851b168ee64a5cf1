import { readFileSync } from 'node:fs';

/** The most memory that this program ever held, in MB. Linux's figure for a process begins with that of whoever started it. */
export function peakMb(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;
}
