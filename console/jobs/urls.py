"""Addresses of the job pages."""

from __future__ import annotations

from django.urls import path

from console.jobs import views

app_name = "jobs"
urlpatterns = [
    path("", views.job_list, name="list"),
    path("rows/", views.job_rows, name="rows"),
    path("<str:job_id>/", views.job_detail, name="detail"),
    path("<str:job_id>/fragment/", views.job_fragment, name="fragment"),
    path("<str:job_id>/cancel/", views.job_cancel, name="cancel"),
    path("<str:job_id>/retry/", views.job_retry, name="retry"),
]
