import { join, relative } from 'node:path';
import type { Detect } from 'dcs-sdk';
import { definedSecrets } from './defined.ts';
import { findProject, projectOption } from './project.ts';

/** Finds a Firebase project that deploys functions or App Hosting (what has no code reads no secret), and the names that they read. */
const detect: Detect = async (root) => {
  const found = await findProject(root);
  if (found === undefined || found.functions.length + found.appHosting.length === 0) return [];
  const project_id = projectOption(found);
  const ambiguous =
    found.projects.has('default') && typeof project_id === 'object' && !Object.values(project_id).includes(found.projects.get('default')!);
  const notes = [
    ...(project_id === undefined ? ['.firebaserc names no project: firebase use --add'] : []),
    ...(ambiguous ? [`the default project ${found.projects.get('default')} is that of no named alias: it is left out`] : []),
  ];
  const include = await definedSecrets(found);
  const file = relative(root, join(found.root, 'firebase.json'));
  const options = { ...(project_id === undefined ? {} : { project_id }), ...(include.length === 0 ? {} : { include }) };
  return [{ name: 'firebase', type: 'firebase', file, options, notes }];
};
export default detect;
