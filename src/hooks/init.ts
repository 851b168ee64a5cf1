import type { Hook } from '@oclif/core';

/** A plugin's own command: before any of its code runs, the plugin is what was installed and speaks this dcs's contract. */
const hook: Hook<'init'> = async function ({ id, config }) {
  const command = id === undefined ? undefined : config.findCommand(id);
  if (command === undefined || command.pluginType === 'core') return;
  const plugin = config.plugins.get(command.pluginName ?? '');
  if (plugin === undefined) return;
  const { refuseUnusable } = await import('../plugins/usable.ts');
  try {
    refuseUnusable(plugin);
  } catch (error) {
    const { EXIT, isDcsError } = await import('dcs-sdk');
    if (!isDcsError(error)) throw error;
    const { errorLines } = await import('dcs-sdk/command');
    // No command runs, so nobody else prints it.
    process.stderr.write(`${errorLines(error, false).join('\n')}\n`);
    this.exit(EXIT[error.code]);
  }
};

export default hook;
