import type { Hook } from '@oclif/core';
import { DcsError, EXIT, isDcsError, type Invocation } from 'dcs-sdk';
import { errorLines } from 'dcs-sdk/command';
import { nearest } from '../config/nearest.ts';
import { OFFICIAL, OFFICIAL_PLUGINS } from '../registry.ts';

/** What other tools call it. */
const PEERS: ReadonlyMap<string, string> = new Map([
  ['plan', 'diff'],
  ['apply', 'sync'],
  ['link', 'init'],
  ['pull', 'env'],
  ['secrets upload', 'import FILE'],
  ['secrets delete', 'secrets unset NAME'],
  ['secrets download', 'env --format dotenv'],
]);

/** An unknown first word: the plugin that would answer, our word for another tool's, or the nearest command. */
const hook: Hook<'command_not_found'> = async function ({ id, config }) {
  const [first = '', second = ''] = id.split(':');
  const plugin =
    OFFICIAL_PLUGINS.find(({ words }) => words.includes(first))?.plugin ??
    (first === 'provision' ? OFFICIAL.get(second)?.plugin : undefined);
  const installed = config.topics.some(({ name }) => name === first);
  // What stands behind a = may be a value.
  const words = id.replaceAll(':', ' ').replaceAll(/=.*/gs, '=...');
  let error = new DcsError('USAGE', `dcs has no command "${words}".`, { hint: hint() });
  if (plugin !== undefined && !config.getPluginsList().some(({ name }) => name === plugin)) {
    const { offerOrSay } = await import('../plugins/offer.ts');
    try {
      await offerOrSay(config, [plugin], `dcs ${words} comes with the plugin ${plugin}.`, invocation());
    } catch (failure) {
      if (failure instanceof Error && failure.name === 'ExitPromptError') this.exit(EXIT.INTERRUPTED);
      if (!isDcsError(failure)) throw failure;
      error = failure;
    }
  }
  // No command runs, so nobody else prints it.
  process.stderr.write(`${errorLines(error, false).join('\n')}\n`);
  this.exit(EXIT[error.code]);

  function hint(): string {
    const peer = PEERS.get(first) ?? PEERS.get(words.split(' ').slice(0, 2).join(' '));
    if (peer !== undefined) return `dcs ${peer}`;
    if (first.startsWith('-')) return 'global flags follow the command: dcs diff -e prod';
    const near = nearest(id, config.commandIDs) ?? (installed ? `${first} --help` : nearest(first, config.commandIDs));
    return near === undefined ? 'dcs --help' : `did you mean dcs ${near.replaceAll(':', ' ')}?`;
  }
};

/** No command parsed the words: what they say about asking. */
const invocation = (): Invocation => ({
  json: process.argv.includes('--json'),
  quiet: false,
  verbose: false,
  yes: false,
  input: !process.argv.includes('--no-input') && process.env['DCS_NO_INPUT'] === undefined,
});

export default hook;
