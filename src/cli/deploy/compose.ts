// The compose file: two servers, the workers, and the place of the HTTP API. Secrets are never in it: they come from
// the environment or the `.env` beside it, which is how compose reads it.
// Promises names that do not change: redis, api, worker, worker-push, postgres. Leaves the image to docker.ts.

import { headLines, type Deployment, type DeploymentFile } from './deployment.ts'
import { dockerFiles } from './docker.ts'

/** Containers of the service `worker`, where nothing else is said. */
const REPLICAS = 3

/** `compose.yaml` and the files of its image. */
export function composeFiles(deployment: Deployment): DeploymentFile[] {
  const text = [
    ...headLines(deployment, 'compose').map((line) => `# ${line}`),
    HEAD.slice(1),
    `name: ${deployment.name}`,
    commonPart(deployment),
    servicesPart(deployment.workers ?? REPLICAS),
    SERVERS.slice(1),
  ].join('\n')
  return [{ path: 'compose.yaml', text }, ...dockerFiles(deployment)]
}

const HEAD = `
#
# Set POSTGRES_PASSWORD and API_KEYS in the environment or in .env; what else .env says reaches the handlers.
#   docker compose up -d
#   docker compose up -d --scale worker=5
#   docker compose logs -f worker
#   docker compose exec worker node node_modules/windlass/bin/windlass.js stats
`

function commonPart({ name, stopLimit }: Deployment): string {
  return `
x-windlass: &windlass
  build: { context: ., dockerfile: Dockerfile.worker }
  image: ${name}
  restart: unless-stopped
  stop_grace_period: ${stopLimit / 1_000}s
  env_file: [{ path: .env, required: false }]
  environment: &environment
    # Where the tasks are, whatever the config says: a file would be another one in each container.
    WINDLASS_ENGINE: redis://redis:6379/0
    # For the handlers.
    REDIS_URL: redis://redis:6379/0
    DATABASE_URL: postgresql://windlass:\${POSTGRES_PASSWORD:?}@postgres:5432/windlass
    API_KEYS: ''
  volumes: ['files:/app/files']
  depends_on:
    redis: { condition: service_healthy }
    postgres: { condition: service_healthy }
  healthcheck:
    test: [CMD, node, node_modules/windlass/bin/windlass.js, status, --check]
    interval: 30s
    timeout: 15s
    start_period: 90s
    retries: 3
`.trimEnd()
}

function servicesPart(replicas: number): string {
  return `
services:
  # The HTTP API comes with a later version, in this service: \`up\` will serve it. Until then it fires schedules,
  # listens on no port, and the keys are only kept for it.
  api:
    <<: *windlass
    command: [up, --count, '0']
    environment:
      <<: *environment
      API_KEYS_FILE: /run/secrets/api_keys
    secrets: [api_keys]
    deploy:
      resources:
        limits: { cpus: '1', memory: 512M }

  # All queues. More containers, more work at once; one process in each, kept alive by its supervisor.
  worker:
    <<: *windlass
    command: [start, --count, '1']
    deploy:
      replicas: ${replicas}
      resources:
        limits: { cpus: '1', memory: 1G }

  # The queue \`push\` alone, so that a backlog elsewhere does not delay it.
  worker-push:
    <<: *windlass
    command: [start, --count, '1', --queues, push]
    deploy:
      resources:
        limits: { cpus: '1', memory: 512M }
`.trimEnd()
}

const SERVERS = `
  redis:
    image: redis:7.4-alpine
    restart: unless-stopped
    # Tasks must not be evicted, and survive a restart.
    command: [redis-server, --appendonly, 'yes', --maxmemory, 384mb, --maxmemory-policy, noeviction]
    volumes: ['redis-data:/data']
    healthcheck:
      test: [CMD, redis-cli, ping]
      interval: 10s
      timeout: 5s
      retries: 5
    deploy:
      resources:
        # Twice maxmemory: a rewrite of the append-only file may copy what changes meanwhile.
        limits: { memory: 768M }

  postgres:
    image: postgres:17-alpine
    restart: unless-stopped
    environment:
      POSTGRES_USER: windlass
      POSTGRES_DB: windlass
      POSTGRES_PASSWORD: \${POSTGRES_PASSWORD:?}
    volumes: ['postgres-data:/var/lib/postgresql/data']
    healthcheck:
      test: [CMD-SHELL, 'pg_isready -U windlass -d windlass']
      interval: 10s
      timeout: 5s
      retries: 5
    deploy:
      resources:
        limits: { memory: 1G }

secrets:
  api_keys:
    environment: API_KEYS

volumes:
  files:
  redis-data:
  postgres-data:
`
