import type { Hook } from '@oclif/core';

/** The first word of a plugin that is missing has a topic and no command. A plugin's own command: before any of its code runs, the plugin is what was installed and speaks this dcs's contract. */
const hook: Hook<'init'> = async function ({ id, config, argv }) {
  const command = id === undefined ? undefined : config.findCommand(id);
  if (command === undefined && id !== undefined && config.findTopic(id) && !config.commandIDs.some((each) => each.startsWith(`${id}:`)))
    await (await import('./command-not-found.ts')).default.call(this, { id, config, argv, context: this });
  if (command === undefined || command.pluginType === 'core') return;
  const plugin = config.plugins.get(command.pluginName ?? '');
  if (plugin === undefined) return;
  const { refuseUnusable } = await import('../plugins/usable.ts');
  try {
    refuseUnusable(plugin);
  } catch (error) {
    const { EXIT, isDcsError } = await import('dcs-sdk');
    const { errorLines } = await import('dcs-sdk/command');
    // No command runs, so nobody else prints it. Without `exit` oclif would go on after any error, and run what was not looked at.
    process.stderr.write(`${errorLines(error as Error, false).join('\n')}\n`);
    this.exit(isDcsError(error) ? EXIT[error.code] : 1);
  }
};

export default hook;
