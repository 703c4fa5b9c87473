"""Addresses of the audit log of a team."""

from __future__ import annotations

from django.urls import path

from console.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.audit_list, name="list"),
    path("export/", views.audit_export, name="export"),
    path("verify/", views.audit_verify, name="verify"),
    path("request/<str:request_id>/", views.audit_request, name="request"),
    path("<int:sequence>/", views.audit_entry, name="entry"),
]
