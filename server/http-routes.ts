import { ApprovalId, IncidentId, SessionKey } from '#core/ids.ts';
import {
  AcceptLogRequest,
  type Api,
  DecisionRequest,
  PolicyRequest,
  ReleaseRequest,
  StopRequest,
} from './http-api.ts';
import { needs, type Route, withBody, withParam } from './http-wish.ts';
import { IncidentRequest } from './incident-request.ts';
import { MaintenanceRequest } from './maintenance-request.ts';

/** Everything that people can ask for, and the right that each takes. */
export function peopleRoutes(api: Api): readonly Route[] {
  return [...reading(api), ...incidents(api), ...approvals(api), ...owning(api)];
}

function reading(api: Api): Route[] {
  const list = (url: string, run: Api['status']): Route => ({
    method: 'GET',
    url,
    read: () => needs('read', run),
  });
  return [
    list('/v1/status', api.status),
    list('/v1/incidents', api.incidents),
    list('/v1/approvals', api.approvals),
    list('/v1/policy', api.policy),
    list('/v1/log/damage', api.logDamage),
    list('/v1/maintenance', api.maintenance),
    list('/v1/sessions', api.sessions),
    {
      method: 'GET',
      url: '/v1/incidents/:id',
      read: withParam('id', IncidentId, (id) => needs('read', (asker) => api.incident(asker, id))),
    },
    {
      method: 'GET',
      url: '/v1/incidents/:id/picture',
      read: withParam('id', IncidentId, (id) => needs('read', (asker) => api.picture(asker, id))),
    },
    {
      method: 'GET',
      url: '/v1/approvals/:id',
      read: withParam('id', ApprovalId, (id) => needs('read', (asker) => api.approval(asker, id))),
    },
    {
      method: 'GET',
      url: '/v1/sessions/:key/export',
      read: withParam('key', SessionKey, (key) => needs('read', (asker) => api.sessionExport(asker, key))),
    },
  ];
}

function incidents(api: Api): Route[] {
  return [
    {
      method: 'POST',
      url: '/v1/incidents/:id',
      read: withParam('id', IncidentId, (id, request) =>
        withBody(request, IncidentRequest, (body) =>
          needs(body.verb === 'change' ? 'propose' : 'note', (asker) => api.say(asker, id, body)),
        ),
      ),
    },
    { method: 'POST', url: '/v1/guard', read: () => needs('note', api.guard) },
    {
      method: 'POST',
      url: '/v1/maintenance',
      read: (request) =>
        withBody(request, MaintenanceRequest, (body) =>
          needs('note', (asker) => api.changeMaintenance(asker, body)),
        ),
    },
  ];
}

function approvals(api: Api): Route[] {
  return [
    {
      method: 'POST',
      url: '/v1/approvals/:id',
      read: withParam('id', ApprovalId, (id, request) =>
        withBody(request, DecisionRequest, (body) => {
          const run = (asker: Parameters<Api['decide']>[0]) => api.decide(asker, id, body);
          if (body.decision === 'revoke') return needs('stop', run);
          // A no is never what there is too much of.
          return body.decision === 'deny' ? needs('decide', run, 'note') : needs('decide', run);
        }),
      ),
    },
    {
      method: 'POST',
      url: '/v1/approvals/:id/release',
      read: withParam('id', ApprovalId, (id, request) =>
        withBody(request, ReleaseRequest, ({ effect }) =>
          needs('decide', (asker) => api.afterEnd(asker, id, { kind: 'release', effect }), 'note'),
        ),
      ),
    },
    {
      method: 'POST',
      url: '/v1/approvals/:id/again',
      read: withParam('id', ApprovalId, (id) =>
        needs('propose', (asker) => api.afterEnd(asker, id, { kind: 'again' })),
      ),
    },
  ];
}

function owning(api: Api): Route[] {
  return [
    {
      method: 'POST',
      url: '/v1/stop',
      read: (request) =>
        withBody(request, StopRequest, (body) => {
          const lifts = body.freeze === false || body.off === false;
          return needs(lifts ? 'own' : 'stop', (asker) => api.stop(asker, body), 'free');
        }),
    },
    {
      method: 'POST',
      url: '/v1/policy/accept',
      read: (request) =>
        withBody(request, PolicyRequest, (body) => ({
          ...needs('own', (asker) => api.acceptPolicy(asker, body)),
          // Where no owner is left in force, those of the config may.
          isJudgedThere: true,
        })),
    },
    {
      method: 'POST',
      url: '/v1/log/accept',
      read: (request) =>
        withBody(request, AcceptLogRequest, (body) => needs('own', (asker) => api.acceptLog(asker, body))),
    },
    {
      method: 'POST',
      url: '/v1/incidents/:id/erase',
      read: withParam('id', IncidentId, (id) => needs('own', (asker) => api.erase(asker, id))),
    },
  ];
}
