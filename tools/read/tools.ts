import type { ReadTool } from '../tool.ts';
import { changeDiff, changesList } from './changes-list.ts';
import { clusterTools } from './cluster-tools.ts';
import { deploymentsList } from './deployments-list.ts';
import { hostStatus } from './host-status.ts';
import { httpProbe } from './http-probe.ts';
import { incidentHistory } from './incident-history.ts';
import { logsSearch } from './logs-search.ts';
import { metricsQuery } from './metrics-query.ts';
import { pgActivity, pgLocks, pgReplication, pgSizes } from './pg-tools.ts';
import { promqlQuery } from './promql-query.ts';
import { runbookSearch } from './runbook-search.ts';
import { systemScan } from './system-scan.ts';
import { workloadStatus } from './workload-status.ts';

/** Every tool that looks and changes nothing. */
export const readTools: readonly ReadTool[] = [
  metricsQuery,
  logsSearch,
  httpProbe,
  deploymentsList,
  workloadStatus,
  runbookSearch,
  systemScan,
  promqlQuery,
  pgActivity,
  pgLocks,
  pgReplication,
  pgSizes,
  hostStatus,
  incidentHistory,
  changesList,
  changeDiff,
  ...clusterTools,
];
