import { Flags } from '@oclif/core';
import { DcsCommand, memberFlags } from 'dcs-sdk/command';
import { EXIT } from 'dcs-sdk';
import { examine, examineMembers } from '../doctor/examine.ts';
import { alike, titleOf, type DoctorFinding } from '../doctor/finding.ts';
import { membersWanted, unchanged } from '../members-wanted.ts';
import { plural, styleFor, table } from '../render/style.ts';
import { prompts } from '../prompts.ts';
import { openSession } from '../session.ts';

const SYMBOL = { ok: '✓', warning: '!', problem: '✗' } as const;

export default class Doctor extends DcsCommand {
  static override description = `Is everything in order? Each finding names its fix.

It looks at programs, dcs.yaml, git, credentials, every environment and target, records, values that environments share, other pipes out of Doppler, clock, folders and snapshots.`;
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --fix',
    '<%= config.bin %> doctor --fix --yes',
    '<%= config.bin %> doctor --all',
  ];
  static override flags = {
    ...memberFlags,
    fix: Flags.boolean({
      description:
        'mend what can be mended: close folders to others, remove snapshots that do not open; after a question, share the record',
    }),
    yes: Flags.boolean({ char: 'y', description: "answers --fix's questions with yes", dependsOn: ['fix'] }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Doctor);
    const session = await openSession(this.config, this.invocation());
    const wanted = membersWanted([], flags);
    const { findings: found, members } =
      wanted === undefined ? await examine(session, this.config.version) : await examineMembers(session, this.config.version, wanted);
    if (members?.all === 0) return this.out(...unchanged(wanted!));
    const ask = prompts(session.invocation, session.env);
    const mended = flags.fix
      ? await mend(found, (question) => (flags.yes ? Promise.resolve(true) : ask.possible && ask.confirm(question, '--yes')))
      : [];
    const left = found.filter((finding) => !mended.includes(finding));
    const problems = left.filter(({ level }) => level === 'problem');
    const [worst] = problems;
    if (worst?.code) process.exitCode = EXIT[worst.code];
    const style = styleFor(process.stdout, session.env);
    const shown = members === undefined ? found : [...alike(left), ...mended];
    const rows = table(
      shown.map((finding) => [SYMBOL[finding.level], titleOf(finding), finding.message]),
      1,
    );
    const lines = shown.flatMap((finding, index) => [
      `  ${rows[index]!}${mended.includes(finding) ? ` ${style.green('(mended)')}` : ''}`,
      ...finding.hints.map((hint) => `      Try  ${hint}`),
    ]);
    const fixable = left.filter(({ fix }) => fix).length;
    const sum = `${plural(problems.length, 'problem')}, ${plural(left.filter(({ level }) => level === 'warning').length, 'warning')}${fixable > 0 ? `; --fix mends ${fixable}` : ''}${worst?.code ? `. Exit ${EXIT[worst.code]} (${worst.code})` : ''}`;
    const counted =
      members === undefined
        ? []
        : [`  ${members.inOrder === members.all ? '✓' : '!'} members  ${members.inOrder} of ${members.all} in order`];
    return this.out([...lines, ...counted, sum], {
      ...(members === undefined ? {} : { members }),
      findings: found.map((finding) => ({
        ...(finding.member === undefined ? {} : { member: finding.member }),
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
