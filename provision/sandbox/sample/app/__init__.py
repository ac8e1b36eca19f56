"""The sample site: one page, and a health check."""

import platform
from datetime import datetime, timezone

from flask import Flask, jsonify, render_template, request

app = Flask(__name__)
started = datetime.now(timezone.utc)


@app.route("/")
def index():
    facts = {
        "Served by": "nginx → gunicorn → Flask, in one container",
        "Container": platform.node(),
        "Up since": started.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "You asked for": f"{request.headers.get('X-Forwarded-Proto', request.scheme)}://{request.host}/",
    }
    return render_template("index.html", facts=facts)


@app.route("/healthz")
def healthz():
    return jsonify(status="ok", started=started.isoformat())
