import { GIT_HOOKS } from 'dcs-sdk';
import { HooksCommand } from '../../hooks-command.ts';
import { onPath, standingOf, type Standing } from '../../hooks/standing.ts';

const WORDS: Record<Standing['state'], string> = {
  installed: '✓ installed',
  edited: '! edited',
  waiting: '~ waiting',
  off: '! may not be run',
  none: '· not installed',
};

export default class HooksStatus extends HooksCommand {
  static override description = 'Which hooks of this repository ask dcs, what follows them, and who keeps them. Writes nothing.';
  static override examples = ['<%= config.bin %> hooks status', '<%= config.bin %> hooks status --json'];

  async run(): Promise<Record<string, unknown>> {
    await this.parse(HooksStatus);
    const { host, repository, layouts } = await this.open();
    const [layout] = layouts;
    const rows = await Promise.all(GIT_HOOKS.map((hook) => standingOf(layout, repository, hook)));
    const found = await onPath(host.env);
    const width = Math.max(...GIT_HOOKS.map(({ length }) => length));
    const next = rows.flatMap(({ state, file }) =>
      state === 'waiting'
        ? [layout.apply!]
        : state === 'edited'
          ? ['dcs hooks install --force']
          : state === 'off'
            ? [`chmod +x ${file}`]
            : [],
    );
    const missing = rows.some(({ state }) => state !== 'none') && !found ? ['! dcs is not on the PATH: the hooks say so and go on'] : [];
    return this.out(
      [
        `${layout.name}  ${repository.hooks}${repository.everywhere ? '  (of all your repositories)' : ''}`,
        ...rows.map(({ hook, state, runs, chained }) =>
          [
            `  ${hook.padEnd(width)}`,
            WORDS[state],
            ...(runs === undefined ? [] : [runs]),
            ...(chained === undefined ? [] : [`then ${chained}`]),
          ].join('  '),
        ),
        ...missing,
        ...[...new Set(next)].map((command) => `Next  ${command}`),
      ],
      {
        layout: layout.name,
        folder: repository.hooks,
        everywhere: repository.everywhere,
        onPath: found,
        hooks: rows.map(({ hook, file, state, runs, chained }) => ({ hook, file, state, runs: runs ?? null, chained: chained ?? null })),
      },
    );
  }
}
