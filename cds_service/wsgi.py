"""The WSGI application for a server: `gunicorn -c python:cds_service.gunicorn_settings`."""

from __future__ import annotations

from cds_service.app import create_app, settle
from cds_service.errors import ConfigurationFault
from cds_service.settings import exit_with

try:
    application = create_app()
    settle()
except ConfigurationFault as fault:
    exit_with(fault)
