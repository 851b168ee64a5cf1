import { project, schema, type Fields } from 'dcs-plugin-gcp/target';

export interface FirebaseOptions {
  readonly project_id: string;
  /** Gives new secrets the Firebase CLI's own label, which lets it prune and destroy their versions. */
  readonly firebase_managed?: boolean;
}

export const firebaseFields: Fields = {
  project_id: { test: project, needed: true },
  firebase_managed: { test: (value) => (typeof value === 'boolean' ? undefined : 'must be true or false') },
};
export const firebaseSchema = schema<FirebaseOptions>(firebaseFields);
