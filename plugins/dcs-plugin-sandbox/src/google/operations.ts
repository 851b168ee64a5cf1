import { randomUUID } from 'node:crypto';
import { type Failure, type Operation, type Project, tick, type World } from './state.ts';

export interface Start {
  kind: Operation['kind'];
  key: string;
  /** Below `projects/…/locations/` for all but the oldest APIs. */
  location?: string;
  failure: Failure | null;
}

/** https://google.aip.dev/151, last verified 2026-11-21: a promise that ends with the resource or with an error. */
export function startOperation(world: World, project: Project, { kind, key, location, failure }: Start): Operation {
  const at = tick(world);
  const id = kind === 'apis' ? `acat.p2-${project.number}-${randomUUID()}` : randomUUID();
  const name = location === undefined ? `operations/${id}` : `projects/${project.id}/locations/${location}/operations/${id}`;
  const operation: Operation = { name, project: project.id, kind, key, at, ends: Date.now() + world.operationTime, failure };
  world.operations.set(name, operation);
  return operation;
}

/** What a test ordered for the next operation, once. */
export function orderedFailure(world: World): Failure | null {
  const message = world.nextFailure;
  world.nextFailure = null;
  return message === null ? null : { code: 13, message };
}

export const isDone = ({ ends }: Operation): boolean => ends <= Date.now();

export function operationDone(world: World, name: string): boolean {
  const operation = world.operations.get(name);
  return operation === undefined || isDone(operation);
}
