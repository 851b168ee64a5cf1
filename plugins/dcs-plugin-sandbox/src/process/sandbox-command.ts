import { join } from 'node:path';
import { Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';

/** The base of the commands about the sandbox in the background. */
export abstract class SandboxCommand extends DcsCommand {
  static override baseFlags = {
    ...DcsCommand.baseFlags,
    folder: Flags.string({ helpValue: 'DIR', description: 'where this sandbox keeps its state' }),
  };

  protected folder(flags: { folder?: string | undefined }): string {
    return flags.folder ?? join(this.config.dataDir, 'sandbox');
  }
}
