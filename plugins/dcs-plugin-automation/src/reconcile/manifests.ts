export const KINDS = ['cron', 'systemd', 'kubernetes'] as const;
export type Kind = (typeof KINDS)[number];

export interface Loop {
  /** The folder of dcs.yaml. */
  readonly folder: string;
  /** What is run there: `dcs reconcile -e staging`. */
  readonly words: readonly string[];
  /** What makes dcs.yaml trusted there: `dcs trust --all`. */
  readonly trust: readonly string[];
}

/** By file name. Nothing in them is secret: each names the place where tokens come from. */
export function manifest(kind: Kind, loop: Loop): ReadonlyMap<string, string> {
  switch (kind) {
    case 'cron':
      return new Map([['crontab', cron(loop)]]);
    case 'systemd':
      return new Map([
        ['dcs-reconcile.service', service(loop)],
        ['dcs-reconcile.timer', TIMER],
      ]);
    case 'kubernetes':
      return new Map([['dcs-reconcile.yaml', kubernetes(loop)]]);
  }
}

/** A % ends the command of a line: https://man7.org/linux/man-pages/man5/crontab.5.html (last verified 2026-11-21). */
function cron({ folder, words }: Loop): string {
  const tokens = 'set -a; [ ! -r ~/.config/dcs/reconcile.env ] || . ~/.config/dcs/reconcile.env; set +a';
  const line = `${tokens}; cd ${shell(folder)} && ${words.map(shell).join(' ')}`;
  return `# crontab -e
# Who signs in: dcs login, or tokens in ~/.config/dcs/reconcile.env (chmod 600). Who consents: dcs trust, in the folder.
PATH=/usr/local/bin:/usr/bin:/bin
*/15 * * * * ${line.replaceAll('%', String.raw`\%`)}
`;
}

/** https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html: % and $ are doubled (last verified 2026-11-21). */
const service = ({ folder, words }: Loop): string => `# ~/.config/systemd/user/dcs-reconcile.service
# Who signs in: dcs login, or tokens in ~/.config/dcs/reconcile.env (chmod 600). Who consents: dcs trust, in the folder.
[Unit]
Description=dcs reconcile
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
WorkingDirectory=${folder.replaceAll('%', '%%')}
EnvironmentFile=-%h/.config/dcs/reconcile.env
ExecStart=/usr/bin/env ${words.map(unit).join(' ')}
TimeoutStartSec=1h
`;

const TIMER = `# ~/.config/systemd/user/dcs-reconcile.timer, then: systemctl --user enable --now dcs-reconcile.timer
[Unit]
Description=dcs reconcile every 15 minutes

[Timer]
OnCalendar=*:0/15
RandomizedDelaySec=60
Persistent=true

[Install]
WantedBy=timers.target
`;

/** https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ (last verified 2026-11-21). */
const kubernetes = ({
  words,
  trust,
}: Loop): string => `# Yours: the image, which has dcs, its plugins and the repository in /repository; and the tokens:
#   kubectl create secret generic dcs-tokens --from-env-file=reconcile.env
# Who consents: whoever may change the image and this file, hence dcs trust. A container forgets: let dcs.yaml say ledger: doppler.
apiVersion: batch/v1
kind: CronJob
metadata:
  name: dcs-reconcile
spec:
  schedule: "*/15 * * * *"
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 300
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 0
      activeDeadlineSeconds: 3600
      template:
        spec:
          restartPolicy: Never
          automountServiceAccountToken: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 1000
            seccompProfile:
              type: RuntimeDefault
          containers:
            - name: dcs
              image: dcs-with-your-repository
              workingDir: /repository
              command: ["sh", "-c", ${JSON.stringify(`${trust.map(shell).join(' ')} && exec ${words.map(shell).join(' ')}`)}]
              envFrom:
                - secretRef:
                    name: dcs-tokens
              env:
                - name: XDG_STATE_HOME
                  value: /state
                - name: XDG_CACHE_HOME
                  value: /state
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities:
                  drop: ["ALL"]
              volumeMounts:
                - name: state
                  mountPath: /state
          volumes:
            - name: state
              emptyDir: {}
`;

const shell = (word: string): string => (/^[\w@./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);
const unit = (word: string): string =>
  /^[\w@./:=-]+$/.test(word)
    ? word
    : `"${word
        .replaceAll(/["\\]/g, String.raw`\$&`)
        .replaceAll('%', '%%')
        .replaceAll('$', '$$$$')}"`;
