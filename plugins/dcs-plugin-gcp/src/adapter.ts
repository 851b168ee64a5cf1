import { serverAdapter } from 'dcs-sdk/server-adapter';

/** Edits the server of a Cloud Run service. */
export default serverAdapter('Cloud Run', 'gcloud run services update SERVICE --update-secrets DOPPLER_TOKEN=DOPPLER_TOKEN:latest');
