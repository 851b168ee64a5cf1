import { basename } from 'node:path';
import { Flags } from '@oclif/core';
import { DcsCommand, targetArgs } from 'dcs-sdk/command';
import { placeOf } from '../../ci/place.ts';
import { runCi } from '../../ci/run.ts';

export default class CiRun extends DcsCommand {
  static override description = `What a CI job does for one environment, by what started it. dcs ci init writes the jobs.

A pull or merge request: one comment, if it alters the plan; nothing on forks. A push or dispatch: a sync, as far as a trigger of type ci
goes. A schedule: a look for drift, which opens, updates or closes one issue.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> -e staging',
    '<%= config.bin %> <%= command.id %> api -e prod --names count',
  ];
  static override strict = false;
  static override args = targetArgs;
  static override flags = {
    names: Flags.string({
      options: ['auto', 'list', 'count'],
      default: 'auto',
      env: 'DCS_CI_NAMES',
      description: 'names of secrets in comments and issues; auto: only in private repositories',
    }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(CiRun);
    const host = await this.host();
    const log = (line: string): void => {
      if (flags.verbose) host.output.note(line);
    };
    const place = await placeOf(host.env, log);
    const names = flags.names as 'auto' | 'list' | 'count';
    const file = flags['config-file'];
    const files = file === undefined ? ['dcs.yaml', 'dcs.yml'] : [basename(file)];
    const [environment, targets] = [await host.environment(), [args.target ?? []].flat()];
    const result = await runCi({ host, place, environment, files, targets, names, log });
    process.exitCode = result.exit;
    return this.out(result.lines, result.json);
  }
}
