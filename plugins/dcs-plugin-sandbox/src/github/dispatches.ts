import type { Reply, Route } from '../server/cloud.ts';
import { bodyOf, invalid, isObject, route, type Signed, type Wrong } from './gate.ts';
import { now, type World } from './state.ts';

/** https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event, last verified 2026-11-21. */
const LIMITS = { type: 100, keys: 10, payload: 65_535 };

function dispatch({ call, repository }: Signed): Reply {
  const { event_type: type, client_payload: payload = {}, ...rest } = bodyOf(call);
  const wrong = (field: string, code: Wrong['code'], message?: string) =>
    invalid({ resource: 'RepositoryDispatch', field, code, ...(message === undefined ? {} : { message }) });
  if (typeof type !== 'string' || type === '') throw wrong('event_type', 'missing_field');
  if (type.length > LIMITS.type) throw wrong('event_type', 'custom', 'event_type is too long (maximum is 100 characters)');
  if (!isObject(payload)) throw wrong('client_payload', 'invalid');
  if (Object.keys(payload).length > LIMITS.keys) throw wrong('client_payload', 'custom', 'No more than 10 properties are allowed');
  if (JSON.stringify(payload).length > LIMITS.payload) throw wrong('client_payload', 'custom', 'client_payload is too large.');
  const [stranger] = Object.keys(rest);
  if (stranger !== undefined) throw wrong(stranger, 'invalid', `"${stranger}" is not a permitted key.`);
  repository.dispatches.push({ event_type: type, client_payload: payload, at: now() });
  return { status: 204 };
}

export const dispatchRoutes = (world: World): Route[] => [route(world, 'POST /dispatches', ['contents'], dispatch)];
