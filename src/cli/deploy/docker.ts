// The image that a project's workers run in: `Dockerfile.worker`, and what stays out of it.
// Promises a pinned Node, an account without rights, and an init process that takes in what dead tasks leave behind.

import type { Deployment, DeploymentFile } from './deployment.ts'

/** `Dockerfile.worker` and its ignore file. */
export function dockerFiles({ nodeVersion, stopLimit }: Deployment): DeploymentFile[] {
  const seconds = stopLimit / 1_000
  const dockerfile = `# The workers of this project: docker build -f Dockerfile.worker -t workers .
# By hand: docker run --stop-timeout ${seconds} --env-file .env workers start
ARG NODE_VERSION=${nodeVersion}

FROM node:\${NODE_VERSION}-slim AS build
WORKDIR /app
# Another package manager brings its own lock file and its own command.
COPY package.json package-lock.json ./
RUN npm ci --omit=dev
COPY . .

FROM node:\${NODE_VERSION}-slim
# Node as process 1 would leave every process that a killed task started as a zombie; tini takes them in.
RUN apt-get update \\
    && apt-get install -y --no-install-recommends tini \\
    && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app /app
# The code belongs to root; these are written: ours, the logs, and what tasks want to keep.
RUN mkdir -p .windlass logs files && chown node:node .windlass logs files
USER node
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=15s --start-period=90s --retries=3 \\
    CMD ["node", "node_modules/windlass/bin/windlass.js", "status", "--check"]
ENTRYPOINT ["tini", "--", "node", "node_modules/windlass/bin/windlass.js"]
CMD ["start"]
`
  const ignored = ['.env', '.env.*', '.git', '.windlass', 'logs', 'node_modules', 'secrets', '']
  return [
    { path: 'Dockerfile.worker', text: dockerfile },
    { path: 'Dockerfile.worker.dockerignore', text: ignored.join('\n') },
  ]
}
