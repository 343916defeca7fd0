// rq-worker: written by `windlass deploy pm2`.
// Running tasks may end before a stop becomes a kill: 330 s, more than the drain time of the settings
// (WORKER_MAX_SHUTDOWN_WAIT). Write this file again after that time was raised.
module.exports = {
  apps: [
    {
      name: "rq-worker",
      cwd: "/srv/app",
      interpreter: "/usr/bin/node",
      script: "/srv/app/node_modules/windlass/bin/windlass.js",
      args: ["start", "--name", "rq-worker"],
      env: { NODE_ENV: "production" },
      // One process, not a cluster of it: it runs as many workers as the settings or the command say.
      exec_mode: 'fork',
      instances: 1,
      // SIGINT to this process alone: it lets its workers drain.
      treekill: false,
      kill_timeout: 330000,
      autorestart: true,
      // `windlass stop` ends with 0 and is final.
      stop_exit_codes: [0],
      exp_backoff_restart_delay: 1000,
      out_file: "/srv/app/logs/rq-worker.out.log",
      error_file: "/srv/app/logs/rq-worker.out.log",
      merge_logs: true,
      watch: false,
    },
  ],
}
