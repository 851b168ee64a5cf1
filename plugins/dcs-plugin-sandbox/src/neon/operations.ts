import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Route } from '../server/cloud.ts';
import { hasMore, type Json, paged, Refusal } from './envelope.ts';
import { type Ground, inProject } from './gate.ts';
import { type Operation, type Project, tick, type World } from './state.ts';

export interface Step {
  action: string;
  branch?: string;
  endpoint?: string;
  work?: () => Promise<void>;
}

const busy = ({ status }: Operation): boolean => status === 'scheduling' || status === 'running';

/** The work behind the answers: one chain of operations a project at a time. */
export class Operations {
  /** Milliseconds an operation takes at least. */
  delay = 0;
  /** How many of the next changing requests find a project locked. */
  locks = 0;
  readonly #world: World;
  readonly #save: () => void;
  readonly #chains = new Set<Promise<void>>();

  constructor(world: World, save: () => void) {
    this.#world = world;
    this.#save = save;
  }

  /** Throws the vendor's 423 while operations of the project are under way. */
  assertFree(project: Project): void {
    const locked = this.locks > 0;
    if (locked) this.locks -= 1;
    if (locked || project.operations.some(busy))
      throw new Refusal(423, 'project already has running conflicting operations, scheduling of new ones is prohibited');
  }

  /** Starts `steps` in turn; `failed` tidies up after one that fails. Answers what the vendor shows of them. */
  start(project: Project, steps: readonly Step[], failed?: () => void): Json[] {
    const started = steps.map((step, index) => {
      const now = tick(this.#world);
      const operation: Operation = {
        id: randomUUID(),
        ...(step.branch === undefined ? {} : { branch: step.branch }),
        ...(step.endpoint === undefined ? {} : { endpoint: step.endpoint }),
        action: step.action,
        status: index === 0 ? 'running' : 'scheduling',
        created: now,
        updated: now,
        ms: 0,
      };
      project.operations.push(operation);
      return operation;
    });
    const shown = started.map((operation) => view(project, operation));
    const chain = this.#run(steps, started, failed).finally(() => this.#chains.delete(chain));
    this.#chains.add(chain);
    return shown;
  }

  async #run(steps: readonly Step[], operations: readonly Operation[], failed: (() => void) | undefined): Promise<void> {
    let broken = false;
    for (const [index, operation] of operations.entries()) {
      const begun = Date.now();
      if (!broken) {
        this.#set(operation, 'running');
        try {
          await Promise.all([steps[index]?.work?.(), sleep(this.delay)]);
          operation.ms = Date.now() - begun;
          this.#set(operation, 'finished');
        } catch (error) {
          broken = true;
          operation.error = error instanceof Error ? error.message : 'unknown';
          failed?.();
          this.#set(operation, 'failed');
        }
      } else this.#set(operation, 'cancelled');
      this.#save();
    }
  }

  #set(operation: Operation, status: Operation['status']): void {
    operation.status = status;
    operation.updated = tick(this.#world);
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#chains);
  }
}

/** What was under way when the sandbox stopped never ends otherwise. */
export function cancelUnfinished(project: Project): void {
  for (const operation of project.operations.filter(busy)) {
    operation.status = 'failed';
    operation.error = 'the sandbox was stopped';
  }
}

export const view = (project: Project, operation: Operation): Json => ({
  id: operation.id,
  project_id: project.id,
  ...(operation.branch === undefined ? {} : { branch_id: operation.branch }),
  ...(operation.endpoint === undefined ? {} : { endpoint_id: operation.endpoint }),
  action: operation.action,
  status: operation.status,
  ...(operation.error === undefined ? {} : { error: operation.error }),
  failures_count: operation.status === 'failed' ? 1 : 0,
  created_at: operation.created,
  updated_at: operation.updated,
  total_duration_ms: operation.ms,
});

export function operationRoutes(ground: Ground): Route[] {
  return [
    inProject(ground, 'GET', '/operations', ({ call, project }) => {
      const all = project.operations.toReversed();
      const { items, next } = paged(call, all, { fallback: 100, most: 1000 });
      const pagination = hasMore(all, items) ? { pagination: { cursor: next } } : {};
      return { body: { operations: items.map((operation) => view(project, operation)), ...pagination } };
    }),
    inProject(ground, 'GET', '/operations/:operation', ({ call, project }) => {
      const found = project.operations.find(({ id }) => id === call.params['operation']);
      if (found === undefined) throw new Refusal(404, 'operation not found');
      return { body: { operation: view(project, found) } };
    }),
  ];
}
