/* global process, __dirname */
// PM2 in real cluster mode: its daemon is the primary, each worker is one process on the shared port.
const clustered = process.env.USE_CLUSTER !== 'false';
const instance = process.env.INSTANCE || 'app';
const shutdown_ms = Number(process.env.SHUTDOWN_TIMEOUT_MS || 8000);

module.exports = {
  apps: [
    {
      name: instance,
      script: 'service/main.ts',
      cwd: __dirname,
      // PM2 would look for another interpreter by the file's ending; Node runs it as it is.
      interpreter: 'node',
      exec_mode: clustered ? 'cluster' : 'fork',
      instances: clustered ? Number(process.env.WORKER_COUNT || 2) : 1,
      max_memory_restart: process.env.MAX_MEMORY_RESTART || '300M',
      exp_backoff_restart_delay: 100,
      // A reload waits until the new worker says that it listens, then lets the old one finish its answers.
      wait_ready: true,
      listen_timeout: 10_000,
      kill_timeout: shutdown_ms + 1000,
      // Lines go to standard output, which the container keeps; a copy on its disk would only grow.
      out_file: process.env.APP_LOG_FILE || '/dev/null',
      error_file: process.env.APP_LOG_FILE || '/dev/null',
      merge_logs: true,
      vizion: false,
      pmx: false,
      automation: false,
    },
  ],
};
