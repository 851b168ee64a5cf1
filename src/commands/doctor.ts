import { Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { EXIT } from 'dcs-sdk';
import { checkEnvironment, checkPlugins, checkPrograms, checkServices } from '../doctor/checks.ts';
import { checkFolders, checkSnapshots } from '../doctor/disk.ts';
import { dopplerOnce } from '../doctor/doppler.ts';
import type { DoctorFinding } from '../doctor/finding.ts';
import { checkRepository } from '../doctor/repository.ts';
import { checkSharedRecord } from '../doctor/shared-record.ts';
import { checkTargets } from '../doctor/targets.ts';
import { plural, styleFor, table } from '../render/style.ts';
import { prompts } from '../prompts.ts';
import { openSession } from '../session.ts';

const SYMBOL = { ok: '✓', warning: '!', problem: '✗' } as const;

export default class Doctor extends DcsCommand {
  static override description =
    'Is everything in order? Programs, dcs.yaml, git, credentials, every environment and target, records, clock, folders and snapshots. Each finding names its fix.';
  static override examples = ['<%= config.bin %> doctor', '<%= config.bin %> doctor --fix', '<%= config.bin %> doctor --fix --yes'];
  static override flags = {
    fix: Flags.boolean({
      description:
        'mend what can be mended: close folders to others, remove snapshots that do not open; after a question, share the record',
    }),
    yes: Flags.boolean({ char: 'y', description: "answers --fix's questions with yes", dependsOn: ['fix'] }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Doctor);
    const session = await openSession(this.config, this.invocation());
    const doppler = dopplerOnce(session);
    const checks = await Promise.all([
      checkPrograms(session, this.config.version),
      checkPlugins(session),
      checkEnvironment(session),
      checkRepository(session),
      checkServices(session),
      checkTargets(session, doppler),
      checkSharedRecord(session),
      checkFolders(session),
      checkSnapshots(session, doppler),
    ]);
    const found = checks.flat();
    const ask = prompts(session.invocation, session.env);
    const mended = flags.fix
      ? await mend(found, (question) => (flags.yes ? Promise.resolve(true) : ask.possible && ask.confirm(question, '--yes')))
      : [];
    const left = found.filter((finding) => !mended.includes(finding));
    const problems = left.filter(({ level }) => level === 'problem');
    const [worst] = problems;
    if (worst?.code) process.exitCode = EXIT[worst.code];
    const style = styleFor(process.stdout, session.env);
    const rows = table(
      found.map(({ level, what, message }) => [SYMBOL[level], what, message]),
      1,
    );
    const lines = found.flatMap((finding, index) => [
      `  ${rows[index]!}${mended.includes(finding) ? ` ${style.green('(mended)')}` : ''}`,
      ...finding.hints.map((hint) => `      Try  ${hint}`),
    ]);
    const fixable = left.filter(({ fix }) => fix).length;
    const sum = `${plural(problems.length, 'problem')}, ${plural(left.filter(({ level }) => level === 'warning').length, 'warning')}${fixable > 0 ? `; --fix mends ${fixable}` : ''}${worst?.code ? `. Exit ${EXIT[worst.code]} (${worst.code})` : ''}`;
    return this.out([...lines, sum], {
      findings: found.map((finding) => ({
        what: finding.what,
        level: finding.level,
        message: finding.message,
        try: finding.hints,
        mended: mended.includes(finding),
      })),
    });
  }
}

type Agrees = (question: string) => boolean | Promise<boolean>;

async function mend(found: readonly DoctorFinding[], agrees: Agrees): Promise<readonly DoctorFinding[]> {
  const mended: DoctorFinding[] = [];
  for (const finding of found) {
    // oxlint-disable-next-line no-await-in-loop -- one question at a time
    if (!finding.fix || (finding.ask !== undefined && !(await agrees(finding.ask)))) continue;
    // oxlint-disable-next-line no-await-in-loop -- as above
    await finding.fix();
    mended.push(finding);
  }
  return mended;
}
