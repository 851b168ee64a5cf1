import { syncCommand } from 'dcs-sdk/command';

export default syncCommand('firebase', 'Firebase');
