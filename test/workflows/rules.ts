import { parse } from 'yaml';

/** Actions of others, by the commit of a release that a comment names. */
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;
const OURS = /^\.\/(?:\.github\/)?actions\/[\w-]+$/;
/** They run with the rights of the repository on files or names of a stranger. */
const UNSAFE_EVENTS = ['pull_request_target', 'workflow_run', 'issue_comment', 'issues', 'discussion', 'discussion_comment'];

interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface File {
  readonly on?: unknown;
  readonly permissions?: unknown;
  readonly jobs?: Readonly<Record<string, { readonly permissions?: unknown; readonly steps?: readonly Step[] }>>;
  readonly runs?: { readonly steps?: readonly Step[] };
}

/** What is wrong with a workflow or a composite action, beyond what actionlint sees. */
export function wrongWith(text: string): string[] {
  const file = parse(text) as File;
  const wrong: string[] = [];
  for (const line of text.split('\n')) {
    const uses = /^\s*(?:- )?uses:\s*(.+?)\s*$/.exec(line)?.[1];
    if (uses !== undefined && !PINNED.test(uses) && !OURS.test(uses)) wrong.push(`not pinned: ${uses}`);
  }
  if (file.jobs !== undefined) {
    if (JSON.stringify(file.permissions) !== '{}') wrong.push('permissions: {} is not on top');
    for (const [name, { permissions }] of Object.entries(file.jobs))
      if (typeof permissions !== 'object' || permissions === null) wrong.push(`job ${name} has no permissions of its own`);
    const events = typeof file.on === 'string' ? [file.on] : Array.isArray(file.on) ? (file.on as string[]) : Object.keys(file.on ?? {});
    for (const event of events) if (UNSAFE_EVENTS.includes(event)) wrong.push(`acts on ${event}`);
  }
  const steps = [...Object.values(file.jobs ?? {}).flatMap((job) => job.steps ?? []), ...(file.runs?.steps ?? [])];
  for (const { run, uses, with: inputs } of steps) {
    // A title, a branch or an input would become part of the script: values come in by env.
    if (run?.includes('${{')) wrong.push(`an expression in a script: ${/\$\{\{[^}]*\}\}/.exec(run)?.[0] ?? run}`);
    for (const line of run?.split('\n') ?? []) {
      // What is installed is what the lock fixes; the action, which has none, names one version and runs no script of it.
      if (/\bnpm (?:--?\S+ )*(?:install|i|add|update|up|exec|x|init)\b|\b(?:npx|yarn|pnpm|bunx?)\b/.test(line))
        if (file.jobs !== undefined || !line.includes(' --ignore-scripts ')) wrong.push(`beside the lock: ${line.trim()}`);
      if (/>>?\s*"?\$\{?GITHUB_(?:PATH|ENV)\b/.test(line)) wrong.push('changes what later steps find');
    }
    if (uses?.startsWith('actions/checkout@') && inputs?.['persist-credentials'] !== false) wrong.push('checkout keeps its token');
    if (uses?.startsWith('actions/github-script@')) wrong.push('a script in an input');
  }
  return wrong;
}
