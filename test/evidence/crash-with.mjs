// Preloaded into a dcs, outside of the product: ends it the way DCS_CRASH says, some milliseconds after it has the secrets.
const { DCS_CRASH: how } = process.env;
delete process.env.DCS_CRASH;

const ENDS = {
  throw: () => setTimeout(() => JSON.parse('{'), 1),
  reject: () => void Promise.reject(new Error('nobody catches this')),
  report: () => process.report.writeReport(),
  signal: () => process.kill(process.pid, 'SIGUSR2'),
  abort: () => process.abort(),
  oom() {
    const full = [];
    for (;;) full.push(Array.from({ length: 100_000 }, () => ({})));
  },
};

const { fetch } = globalThis;
let crashed = false;
globalThis.fetch = async (...args) => {
  const answer = await fetch(...args);
  if (how && !crashed && answer.url.includes('/configs/config/secrets')) {
    crashed = true;
    setTimeout(() => ENDS[how](), 20);
  }
  return answer;
};
