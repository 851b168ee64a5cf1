/** One line of JSON on stderr: names, numbers and codes; never a value, a body or an address with a password. */
export type LogLine = (event: string, fields?: Readonly<Record<string, unknown>>) => void;

export const logLine: LogLine = (event, fields = {}) => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`);
};
