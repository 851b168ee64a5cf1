import type { Hook } from '@oclif/core';
import { DcsError, EXIT } from 'dcs-sdk';
import { errorLines } from 'dcs-sdk/command';
import { nearest } from '../config/nearest.ts';
import { OFFICIAL } from '../registry.ts';

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
  const [first = ''] = id.split(':');
  const official = OFFICIAL.get(first);
  const installed = config.topics.some(({ name }) => name === first);
  // What stands behind a = may be a value.
  const words = id.replaceAll(':', ' ').replaceAll(/=.*/gs, '=...');
  // No command runs, so nobody else prints it.
  process.stderr.write(`${errorLines(new DcsError('USAGE', `dcs has no command "${words}".`, { hint: hint() }), false).join('\n')}\n`);
  this.exit(EXIT.USAGE);

  function hint(): string {
    if (official && !config.getPluginsList().some(({ name }) => name === official.plugin))
      return `it comes with the plugin ${official.plugin}, which is not installed`;
    const peer = PEERS.get(first) ?? PEERS.get(words.split(' ').slice(0, 2).join(' '));
    if (peer !== undefined) return `dcs ${peer}`;
    if (first.startsWith('-')) return 'global flags follow the command: dcs diff -e prod';
    const near = nearest(id, config.commandIDs) ?? (installed ? `${first} --help` : nearest(first, config.commandIDs));
    return near === undefined ? 'dcs --help' : `did you mean dcs ${near.replaceAll(':', ' ')}?`;
  }
};

export default hook;
