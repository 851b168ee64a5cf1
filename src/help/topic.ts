import type { Command } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';

/** Makes `dcs help <topic>`: one page of text, the same under `--json`. */
export function helpTopic(topic: string, description: string, page: () => readonly string[]): typeof Command {
  return class HelpTopic extends DcsCommand {
    static override description = description;
    static override examples = [`<%= config.bin %> help ${topic}`];
    async run(): Promise<Record<string, unknown>> {
      await this.parse(HelpTopic);
      return this.out(page(), { topic, text: page().join('\n') });
    }
  };
}
