"""Addresses of signing in and out."""

from __future__ import annotations

from django.urls import path

from console.teams import views

app_name = "teams"
urlpatterns = [
    path("sign-in/", views.SignInView.as_view(), name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
]
