import { syncCommand } from 'dcs-sdk/command';

export default syncCommand('gcp', 'Google Secret Manager');
